-- One row per as_of_date, arrival_date, event_date, item_id and region with an event of a shopper who is a suspect on the
-- as-of day: what has to be taken off fct_item_daily.
with suspects as (
    select user_id from {{ ref('dim_suspect') }}
    where as_of_date = {{ as_of() }}
),

events as (
    select
        *,
        1 as change
    from {{ ref('stg_events') }}
    where arrival_date <= {{ as_of() }}
      and item_id is not null
)

select
    {{ as_of() }} as as_of_date,
    arrival_date,
    event_date,
    item_id,
    region,
    {{- action_sums(actions()) }},
    {{ distinct_values('user_id', "action = 'purchase'") }} as buyer_count,
    {{ distinct_values('session_id', "action = 'purchase'") }} as basket_count
from events
semi join suspects using (user_id)
group by arrival_date, event_date, item_id, region
