-- One row per campaign and shopper it is meant for, as it was told.
with audiences as (
    select * from {{ source('raw', 'campaign_audiences') }}
)

select
    campaign_id,
    user_id,

    kind,

    starts_date,
    ends_date,
    known_at,
    arrival_date
from audiences
