-- One row per event that arrived and one per event that a correction took back, each on its own day.
with arrived as (
    select *, 1 as change from {{ source('raw', 'events') }}
),

retracted as (
    select *, -1 as change from {{ source('raw', 'events_retracted') }}
),

changes as (
    select * from arrived
    union all by name
    select * from retracted
)

{{ event_columns('changes') }}
