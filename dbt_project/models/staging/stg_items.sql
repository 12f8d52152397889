-- One row per version of an item; version_rank 1 is the newest of its arrival day.
with items as (
    select * from {{ source('raw', 'items') }}
)

select
    item_id,
    seller_id,

    nullif(trim(title), '') as title,
    description,
    nullif(trim(category_l1), '') as category_l1,
    nullif(trim(category_l2), '') as category_l2,
    nullif(trim(category_l3), '') as category_l3,
    nullif(trim(brand), '') as brand,
    image_url,
    attributes,

    price,
    cost,
    currency,

    coalesce(is_available, true) as is_available,
    coalesce(is_blocked, false) as is_blocked,
    coalesce(is_adult, false) as is_adult,

    first_seen_date,
    updated_at,
    arrival_date,
    row_number() over (
        partition by item_id, arrival_date
        order by arrival_hour desc, updated_at desc nulls last, source_file desc, source_line desc
    ) as version_rank
from items
