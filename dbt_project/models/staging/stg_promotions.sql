-- One row per planned promotion as it was told; a later row for the same item, region, kind and start replaces it.
with promotions as (
    select * from {{ source('raw', 'promotions') }}
)

select
    item_id,

    coalesce(region, '') as region,
    lower(kind) as kind,
    cast(coalesce(store_share, 1) as decimal(9, 6)) as store_share,

    starts_date,
    ends_date,
    known_at,
    arrival_date,
    arrival_hour,
    source_file,
    source_line
from promotions
