-- One row per arrival_date, event_date, item_id and region with any event.
with events as (
    select * from {{ ref('stg_event_changes') }}
    where arrival_date {{ built_days() }}
      and item_id is not null
)

select
    arrival_date,
    event_date,
    item_id,
    region,
    {{- action_sums(actions()) }},
    {{ distinct_values('user_id', "action = 'purchase'") }} as buyer_count,
    {{ distinct_values('session_id', "action = 'purchase'") }} as basket_count
from events
group by arrival_date, event_date, item_id, region
