-- One row per as_of_date and user_id of an account that was new when it first did anything here and has bought little since.
with activity as (
    select * from {{ ref('fct_user_item_daily') }}
    where arrival_date <= {{ as_of() }}
),

versions as (
    select * from {{ ref('stg_users') }}
    where arrival_date <= {{ as_of() }}
),

accounts as (
    select
        user_id,
        cast(min(signed_up_at) as date) as signed_up_date
    from versions
    group by user_id
),

days as (
    select
        user_id,
        event_date,
        count(*) filter (purchase_count > 0) as item_count
    from activity
    group by user_id, event_date
),

shoppers as (
    select
        user_id,
        min(event_date) as first_date,
        max(item_count) as most_items,
        sum(item_count) as purchase_days
    from days
    group by user_id
),

-- without a day of sign-up, whoever was there when the data begin may be an old customer
young as (
    select
        shoppers.*,
        least(first_date, signed_up_date) as since_date
    from shoppers
    left join accounts using (user_id)
    where most_items <= {{ var('abuse_burst_items') }}  -- or there is no need to count the items of all days
      and coalesce(signed_up_date, first_date - {{ var('abuse_burst_fresh_days') }}) >= (select min(first_date) from shoppers)
),

bought as (
    select
        user_id,
        count(distinct item_id) as item_count
    from activity
    semi join young using (user_id)
    where purchase_count > 0
    group by user_id
)

select
    {{ as_of() }} as as_of_date,
    user_id,
    since_date,
    bought.item_count,
    -- of all that shoppers bought, each item counted once a day
    purchase_days / (select sum(item_count) from days) as purchase_share
from young
inner join bought using (user_id)
where bought.item_count <= {{ var('abuse_burst_items') }}
