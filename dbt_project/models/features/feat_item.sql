-- One row per as_of_date and item_id that was bought in the last 364 days; what suspects did is left out.
with pairs as (
    select * from {{ without_suspects(ref('feat_user_item')) }}
    where as_of_date = {{ as_of() }}
),

items as (
    select * from {{ ref('dim_item') }}
    where as_of_date = {{ as_of() }}
),

sales as (
    select * from {{ item_daily_without_suspects() }}
    where {{ in_last_days('event_date', 364) }}
),

sold as (
    select
        item_id,
        {%- for days in windows() %}
        coalesce(sum(purchase_count) filter ({{ in_last_days('event_date', days) }}), 0) as purchase_count_{{ days }}d,
        coalesce(sum(quantity) filter ({{ in_last_days('event_date', days) }}), 0) as quantity_{{ days }}d,
        coalesce(sum(spend) filter ({{ in_last_days('event_date', days) }}), 0) as spend_{{ days }}d,
        coalesce(sum(greatest(basket_count, 0)) filter ({{ in_last_days('event_date', days) }}), 0) as basket_count_{{ days }}d,
        {%- endfor %}
        coalesce(sum(purchase_count) filter ({{ in_last_days('event_date', 84) }}), 0) as purchase_count_84d,
        {{ as_of() }} - min(event_date) filter (purchase_count > 0) as since_first_purchase_days,
        {{ as_of() }} - max(event_date) filter (purchase_count > 0) as since_purchase_days
    from sales
    group by item_id
    having sum(purchase_count) > 0
),

bought as (
    select
        item_id,
        {%- for days in windows() %}
        count(*) filter (purchase_days_{{ days }}d > 0) as buyer_count_{{ days }}d,
        {%- endfor %}
        -- first buyers: all of their purchase days of the item are within the window
        {%- for days in [7, 28] %}
        count(*) filter (purchase_days_364d = purchase_days_{{ days }}d) as first_buyer_count_{{ days }}d,
        {%- endfor %}
        count(*) filter (purchase_days_364d > 1) / count(*) as repeat_buyer_share_364d,
        median(mean_gap_days) as median_gap_days,
        sum(discount_days_364d) / sum(purchase_days_364d) as discount_share_364d
    from pairs
    group by item_id
)

select
    {{ as_of() }} as as_of_date,
    sold.* exclude (purchase_count_84d),
    {%- for days in windows() %}
    coalesce(buyer_count_{{ days }}d, 0) as buyer_count_{{ days }}d,
    {%- endfor %}
    {%- for days in [7, 28] %}
    coalesce(first_buyer_count_{{ days }}d, 0) as first_buyer_count_{{ days }}d,
    first_buyer_count_{{ days }}d / nullif(buyer_count_{{ days }}d, 0) as first_buyer_share_{{ days }}d,
    {%- endfor %}
    repeat_buyer_share_364d,
    median_gap_days,
    -- one purchase is added to both sides, so that few purchases make no trend
    (purchase_count_7d + 1) / (purchase_count_28d / 4 + 1) as trend_7d_28d,
    (purchase_count_28d + 1) / (purchase_count_84d / 3 + 1) as trend_28d_84d,
    items.price,
    items.price / nullif(median(items.price) over (partition by coalesce(category_l3, category_l2)), 0) as price_to_category_median,
    -- null when returns took back all that was sold
    {%- for days in [7, 28, 364] %}
    spend_{{ days }}d / if(quantity_{{ days }}d > 0, quantity_{{ days }}d, null) as mean_paid_price_{{ days }}d,
    {%- endfor %}
    mean_paid_price_7d / nullif(mean_paid_price_364d, 0) as price_ratio_7d_364d,
    mean_paid_price_28d / nullif(mean_paid_price_364d, 0) as price_ratio_28d_364d,
    discount_share_364d
from sold
left join bought using (item_id)
left join items using (item_id)
