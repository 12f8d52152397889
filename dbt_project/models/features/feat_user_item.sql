-- One row per as_of_date, user_id and item_id that the shopper bought in the last 364 days.
with activity as (
    select * from {{ ref('fct_user_item_daily') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', 364) }}
),

-- a purchase that arrives in two drops is still one purchase day
by_day as (
    select
        user_id,
        item_id,
        event_date,
        sum(purchase_count) > 0 as is_purchase_day,
        sum(quantity) as quantity,
        sum(spend) as spend
    from activity
    where purchase_count + return_count > 0
    group by user_id, item_id, event_date
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
        coalesce(sum({{ decayed('event_date', 84) }}) filter (is_purchase_day), 0) as purchase_days_decayed_84d,
        min(event_date) filter (is_purchase_day) as first_date,
        max(event_date) filter (is_purchase_day) as last_date
    from by_day
    group by user_id, item_id
    having count(*) filter (is_purchase_day) > 0
),

with_gaps as (
    select
        *,
        {{ as_of() }} - last_date as since_purchase_days,
        (last_date - first_date) / nullif(purchase_days_364d - 1, 0) as mean_gap_days
    from history
)

select
    {{ as_of() }} as as_of_date,
    * exclude (first_date, last_date),
    since_purchase_days / mean_gap_days as due_ratio
from with_gaps
