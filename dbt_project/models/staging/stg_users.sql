-- One row per version of a shopper; version_rank 1 is the newest of its arrival day.
with users as (
    select * from {{ source('raw', 'users') }}
)

select
    user_id,

    coalesce(region, '') as region,
    nullif(trim(segment), '') as segment,
    attributes,

    coalesce(is_internal, false) as is_internal,
    coalesce(is_suspected_bot, false) as is_suspected_bot,

    signed_up_at,
    updated_at,
    arrival_date,
    row_number() over (
        partition by user_id, arrival_date
        order by arrival_hour desc, updated_at desc nulls last, source_file desc, source_line desc
    ) as version_rank
from users
