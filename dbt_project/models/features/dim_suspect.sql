-- One row per as_of_date, user_id and rule that says the shopper is not a person who shops.
with versions as (
    select * from {{ ref('stg_users') }}
    where arrival_date <= {{ as_of() }}
      and version_rank = 1
),

counts as (
    select * from {{ ref('int_suspect_count') }}
    where as_of_date = {{ as_of() }}
),

paces as (
    select * from {{ ref('int_suspect_pace') }}
    where as_of_date = {{ as_of() }}
),

bursts as (
    select * from {{ ref('int_suspect_burst') }}
    where as_of_date = {{ as_of() }}
),

accounts as (
    select * from versions
    qualify row_number() over (partition by user_id order by arrival_date desc) = 1
),

suspects as (
    select user_id, rule, value, threshold, event_date, item_id, null as seller_id from counts
    union all
    select user_id, rule, value, threshold, event_date, null, null from paces
    union all
    select user_id, rule, value, threshold, event_date, item_id, seller_id from bursts
    union all
    select user_id, 'declared_bot', null, null, null, null, null from accounts where is_suspected_bot
    union all
    select user_id, 'declared_internal', null, null, null, null, null from accounts where is_internal
)

select
    {{ as_of() }} as as_of_date,
    *
from suspects
{%- if var('abuse_trusted_users') %}
where user_id not in ({% for user in var('abuse_trusted_users') %}{{ quoted(user | string) }}{{ ", " if not loop.last }}{% endfor %})
{%- endif %}
