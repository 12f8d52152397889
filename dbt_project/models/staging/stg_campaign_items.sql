-- One row per campaign, coupon and item that the coupon is good for, as it was told.
with items as (
    select * from {{ source('raw', 'campaign_items') }}
)

select
    campaign_id,
    item_id,
    coupon_id,

    starts_date,
    ends_date,
    known_at,
    arrival_date
from items
