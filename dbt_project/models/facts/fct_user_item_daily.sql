-- One row per arrival_date, event_date, user_id and item_id with any event.
with events as (
    select * from {{ ref('stg_event_changes') }}
    where arrival_date {{ built_days() }}
      and user_id is not null
      and item_id is not null
)

select
    arrival_date,
    event_date,
    user_id,
    item_id,
    {{- action_sums(actions()) }},
    {{ distinct_values('session_id') }} as session_count
from events
group by arrival_date, event_date, user_id, item_id
