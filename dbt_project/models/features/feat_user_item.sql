-- One row per as_of_date, user_id and item_id that the shopper bought in the last 364 days.
with activity as (
    select * from {{ ref('fct_user_item_daily') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', 364) }}
      and purchase_count + return_count > 0
),

-- a purchase that arrives in two drops is still one purchase day
by_day as (
    select
        user_id,
        item_id,
        event_date,
        sum(purchase_count) > 0 as is_purchase_day,
        cast(sum(quantity) as bigint) as quantity,
        cast(sum(spend) as decimal(18, 4)) as spend
    from activity
    group by user_id, item_id, event_date
),

usual_prices as (
    select
        item_id,
        -- null when returns took back all that was sold
        sum(spend) / if(sum(quantity) > 0, sum(quantity), null) as price
    from {{ without_suspects('by_day') }}
    group by item_id
),

history as (
    select
        user_id,
        item_id,
        {%- for days in windows() %}
        count(*) filter (is_purchase_day and {{ in_last_days('event_date', days) }}) as purchase_days_{{ days }}d,
        coalesce(sum(quantity) filter ({{ in_last_days('event_date', days) }}), 0) as quantity_{{ days }}d,
        coalesce(sum(spend) filter ({{ in_last_days('event_date', days) }}), 0) as spend_{{ days }}d,
        {%- endfor %}
        {%- for days in [28, 84] %}
        coalesce(sum({{ decayed('event_date', days) }}) filter (is_purchase_day), 0) / 1e6 as purchase_days_decayed_{{ days }}d,
        {%- endfor %}
        count(*) filter (is_purchase_day and quantity > 0 and spend < 0.9 * quantity * price) as discount_days_364d,
        min(event_date) filter (is_purchase_day) as first_date,
        -- the last two purchase days, the last one first
        max(event_date, 2) filter (is_purchase_day) as last_dates
    from by_day
    left join usual_prices using (item_id)
    group by user_id, item_id
    having count(*) filter (is_purchase_day) > 0
),

with_gaps as (
    select
        *,
        {{ as_of() }} - last_dates[1] as since_purchase_days,
        last_dates[1] - last_dates[2] as last_gap_days,
        (last_dates[1] - first_date) / nullif(purchase_days_364d - 1, 0) as mean_gap_days
    from history
)

select
    {{ as_of() }} as as_of_date,
    * exclude (first_date, last_dates),
    discount_days_364d / purchase_days_364d as discount_share_364d,
    since_purchase_days / mean_gap_days as due_ratio,
    quantity_364d / purchase_days_364d as mean_quantity_364d,
    spend_364d / if(quantity_364d > 0, quantity_364d, null) as mean_paid_price_364d
from with_gaps
