-- One row per as_of_date and user_id with a purchase in the last 364 days.
with pairs as (
    select * from {{ ref('feat_user_item') }}
    where as_of_date = {{ as_of() }}
),

user_categories as (
    select * from {{ ref('feat_user_category') }}
    where as_of_date = {{ as_of() }}
),

visits as (
    select * from {{ ref('fct_user_daily') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', 364) }}
      and purchase_count > 0
),

basket_counts as (
    select
        user_id,
        {%- for days in windows() %}
        coalesce(sum(greatest(basket_count, 1)) filter ({{ in_last_days('event_date', days) }}), 0) as basket_count_{{ days }}d,
        {%- endfor %}
        count(distinct event_date) as purchase_days_364d,
        max(event_date) as last_date,
        min(event_date) as first_date
    from visits
    group by user_id
),

purchases as (
    select
        user_id,
        {%- for days in windows() %}
        count(*) filter (purchase_days_{{ days }}d > 0) as item_count_{{ days }}d,
        sum(spend_{{ days }}d) as spend_{{ days }}d,
        {%- endfor %}
        {%- for days in [28, 91] %}
        -- items whose purchase days are all within the window
        count(*) filter (purchase_days_364d = purchase_days_{{ days }}d) / nullif(item_count_{{ days }}d, 0) as new_item_share_{{ days }}d,
        {%- endfor %}
        sum(quantity_364d) as quantity_364d,
        sum(discount_days_364d) / sum(purchase_days_364d) as discount_share_364d,
        count(*) filter (purchase_days_364d > 1) / count(*) as repeat_item_share_364d
    from pairs
    group by user_id
),

categories as (
    select
        user_id,
        {%- for days in [28, 91] %}
        count(*) filter (purchase_days_{{ days }}d > 0) as category_count_{{ days }}d,
        {%- endfor %}
        count(*) as category_count_364d
    from user_categories
    group by user_id
)

select
    {{ as_of() }} as as_of_date,
    purchases.* exclude (quantity_364d),
    {%- for days in [28, 91, 364] %}
    coalesce(category_count_{{ days }}d, 0) as category_count_{{ days }}d,
    {%- endfor %}
    basket_counts.* exclude (user_id, last_date, first_date),
    {{ as_of() }} - last_date as since_purchase_days,
    (last_date - first_date) / nullif(purchase_days_364d - 1, 0) as mean_gap_days,
    spend_91d / nullif(basket_count_91d, 0) as mean_basket_spend_91d,
    item_count_91d / nullif(basket_count_91d, 0) as items_per_basket_91d,
    spend_364d / if(quantity_364d > 0, quantity_364d, null) as mean_paid_price_364d,
    -- one basket is added to both sides, so that few baskets make no trend
    (basket_count_28d + 1) / (basket_count_91d * 28 / 91 + 1) as trend_28d_91d
from purchases
inner join basket_counts using (user_id)
left join categories using (user_id)
