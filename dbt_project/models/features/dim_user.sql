-- One row per as_of_date and shopper that had signed up or been seen by then.
with versions as (
    select * from {{ ref('stg_users') }}
    where arrival_date <= {{ as_of() }}
      and version_rank = 1
),

activity as (
    select * from {{ ref('fct_user_daily') }}
    where arrival_date <= {{ as_of() }}
),

suspects as (
    select distinct user_id from {{ ref('dim_suspect') }}
    where as_of_date = {{ as_of() }}
),

regions as (
    select * from {{ ref('dim_region') }}
    where as_of_date = {{ as_of() }}
),

accounts as (
    select * from versions
    qualify row_number() over (partition by user_id order by arrival_date desc) = 1
),

known_users as (
    select user_id from accounts
    union
    select user_id from activity
),

visits as (
    select
        user_id,
        region,
        -- a source without sessions counts days
        sum(greatest(session_count, 1)) as visit_count
    from activity
    where {{ in_last_days('event_date', 91) }}
      and region <> ''
    group by user_id, region
),

most_visited as (
    select user_id, region from visits
    qualify row_number() over (partition by user_id order by visit_count desc, region) = 1
)

select
    {{ as_of() }} as as_of_date,
    row_number() over (order by known_users.user_id) - 1 as user_code,
    known_users.user_id,
    coalesce(most_visited.region, '') as region,
    coalesce(regions.region_code, -1) as region_code,
    accounts.segment,
    suspects.user_id is not null as is_suspect
from known_users
left join accounts using (user_id)
left join most_visited using (user_id)
left join suspects using (user_id)
left join regions on regions.region = most_visited.region
