-- One row per as_of_date, user_id and category_l2 that the shopper bought an item of in the last 364 days.
with pairs as (
    select * from {{ ref('feat_user_item') }}
    where as_of_date = {{ as_of() }}
),

items as (
    select * from {{ ref('dim_item') }}
    where as_of_date = {{ as_of() }}
      and category_l2 is not null
),

bought as (
    select
        user_id,
        category_l2,
        {%- for days in [28, 91, 364] %}
        count(*) filter (purchase_days_{{ days }}d > 0) as item_count_{{ days }}d,
        {%- endfor %}
        {%- for days in [28, 91] %}
        -- all of the shopper's purchase days of the item are within the window
        count(*) filter (purchase_days_364d = purchase_days_{{ days }}d) as new_item_count_{{ days }}d,
        {%- endfor %}
        sum(purchase_days_364d) as item_days_364d,
        sum(purchase_days_decayed_84d) as item_days_decayed_84d,
        sum(spend_364d) as spend_364d,
        sum(quantity_364d) as quantity_364d,
        min(since_purchase_days) as since_purchase_days
    from pairs
    inner join items using (item_id)
    group by user_id, category_l2
)

select
    {{ as_of() }} as as_of_date,
    * exclude (spend_364d, quantity_364d),
    item_days_364d / sum(item_days_364d) over (partition by user_id) as item_days_share_364d,
    spend_364d / if(quantity_364d > 0, quantity_364d, null) as mean_paid_price_364d
from bought
