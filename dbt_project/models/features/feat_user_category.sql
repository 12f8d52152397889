-- One row per as_of_date, user_id and category_l3 (product type) that the shopper bought an item of in the last 364 days.
with pairs as (
    select * from {{ ref('feat_user_item') }}
    where as_of_date = {{ as_of() }}
),

activity as (
    select * from {{ ref('fct_user_item_daily') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', 364) }}
      and purchase_count > 0
),

items as (
    select * from {{ ref('dim_item') }}
    where as_of_date = {{ as_of() }}
      and category_l3 is not null
),

-- however many items of the category a day brought
days as (
    select distinct
        user_id,
        category_l3,
        event_date
    from activity
    inner join items using (item_id)
),

visits as (
    select
        user_id,
        category_l3,
        {%- for days in [28, 91, 364] %}
        count(*) filter ({{ in_last_days('event_date', days) }}) as purchase_days_{{ days }}d,
        {%- endfor %}
        sum({{ decayed('event_date', 84) }}) / 1e6 as purchase_days_decayed_84d,
        min(event_date) as first_date,
        max(event_date) as last_date
    from days
    group by user_id, category_l3
),

bought as (
    select
        user_id,
        category_l3,
        {%- for days in [28, 91, 364] %}
        count(*) filter (purchase_days_{{ days }}d > 0) as item_count_{{ days }}d,
        coalesce(sum(spend_{{ days }}d), 0) as spend_{{ days }}d,
        {%- endfor %}
        {%- for days in [28, 91] %}
        -- all of the shopper's purchase days of the item are within the window
        count(*) filter (purchase_days_364d = purchase_days_{{ days }}d) as new_item_count_{{ days }}d,
        {%- endfor %}
        sum(quantity_364d) as quantity_364d,
        sum(purchase_days_364d) as item_days_364d,
        sum(discount_days_364d) as discount_days_364d
    from pairs
    inner join items using (item_id)
    group by user_id, category_l3
),

with_gaps as (
    select
        *,
        {{ as_of() }} - last_date as since_purchase_days,
        (last_date - first_date) / nullif(purchase_days_364d - 1, 0) as mean_gap_days
    from visits
    inner join bought using (user_id, category_l3)
)

select
    {{ as_of() }} as as_of_date,
    * exclude (first_date, last_date, item_days_364d, discount_days_364d, quantity_364d),
    since_purchase_days / mean_gap_days as due_ratio,
    spend_364d / if(quantity_364d > 0, quantity_364d, null) as mean_paid_price_364d,
    discount_days_364d / item_days_364d as discount_share_364d,
    item_days_364d / sum(item_days_364d) over (partition by user_id) as item_days_share_364d
from with_gaps
