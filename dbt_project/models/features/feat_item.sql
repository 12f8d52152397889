-- One row per as_of_date and item_id that was bought in the last 364 days.
with pairs as (
    select * from {{ ref('feat_user_item') }}
    where as_of_date = {{ as_of() }}
),

sales as (
    select * from {{ ref('fct_item_daily') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', 364) }}
),

events as (
    select * from {{ ref('stg_events') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', 364) }}
      and action = 'purchase'
),

baskets as (
    select
        item_id,
        max(event_date) as event_date
    from events
    where item_id is not null and session_id is not null
    group by item_id, session_id
),

basket_counts as (
    select
        item_id,
        {%- for days in windows() %}
        count(*) filter ({{ in_last_days('event_date', days) }}) as basket_count_{{ days }}d{{ "," if not loop.last }}
        {%- endfor %}
    from baskets
    group by item_id
),

sold as (
    select
        item_id,
        {%- for days in windows() %}
        coalesce(sum(purchase_count) filter ({{ in_last_days('event_date', days) }}), 0) as purchase_count_{{ days }}d,
        coalesce(sum(quantity) filter ({{ in_last_days('event_date', days) }}), 0) as quantity_{{ days }}d,
        coalesce(sum(spend) filter ({{ in_last_days('event_date', days) }}), 0) as spend_{{ days }}d,
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
        -- all of the shopper's purchase days of the item are within the last 7
        count(*) filter (purchase_days_364d = purchase_days_7d) as first_buyer_count_7d,
        count(*) filter (purchase_days_364d > 1) / count(*) as repeat_buyer_share_364d
    from pairs
    group by item_id
)

select
    {{ as_of() }} as as_of_date,
    sold.item_id,
    {%- for name in ['purchase_count', 'quantity', 'spend', 'buyer_count', 'basket_count'] %}{% for days in windows() %}
    coalesce({{ name }}_{{ days }}d, 0) as {{ name }}_{{ days }}d,
    {%- endfor %}{% endfor %}
    coalesce(first_buyer_count_7d, 0) as first_buyer_count_7d,
    repeat_buyer_share_364d,
    since_first_purchase_days,
    since_purchase_days,
    -- one purchase is added to both sides, so that few purchases make no trend
    (coalesce(purchase_count_28d, 0) + 1) / (coalesce(purchase_count_84d, 0) / 3 + 1) as trend_28d_84d,
    -- null when returns took back all that was sold
    spend_28d / if(quantity_28d > 0, quantity_28d, null) as mean_paid_price_28d,
    spend_364d / if(quantity_364d > 0, quantity_364d, null) as mean_paid_price_364d,
    mean_paid_price_28d / nullif(mean_paid_price_364d, 0) as price_ratio_28d_364d
from sold
left join bought using (item_id)
left join basket_counts using (item_id)
