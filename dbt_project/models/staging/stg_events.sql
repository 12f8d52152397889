-- One row per event_id that no correction has taken back, at the arrival that brought it first.
with events as (
    select *, 1 as change from {{ source('raw', 'events') }}
),

retracted as (
    select event_id, source_file, source_line from {{ source('raw', 'events_retracted') }}
),

live as (
    select events.* from events
    anti join retracted using (event_id, source_file, source_line)
),

renamed as (
    {{ event_columns('live') }}
)

select * exclude (change) from renamed
