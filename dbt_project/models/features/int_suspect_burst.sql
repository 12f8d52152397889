-- One row per as_of_date and user_id of a fresh account with few purchases that bought an item, or of a seller, within the
-- same hours as many others like it.
{%- set hours = "interval '" ~ var('abuse_burst_hours') ~ " hours'" %}
with purchases as (
    select * from {{ ref('stg_events') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', var('abuse_window_days')) }}
      and user_id is not null and item_id is not null and action = 'purchase'
),

activity as (
    select * from {{ ref('fct_user_item_daily') }} where arrival_date <= {{ as_of() }}
),

accounts as (
    select user_id, cast(min(signed_up_at) as date) as signed_up_date
    from {{ ref('stg_users') }}
    where arrival_date <= {{ as_of() }}
    group by user_id
),

catalogue as (
    select item_id, max_by(seller_id, arrival_date) as seller_id
    from {{ ref('stg_items') }}
    where arrival_date <= {{ as_of() }} and version_rank = 1 group by item_id
),

shoppers as (
    select user_id, min(event_date) as first_date, count(distinct item_id) filter (purchase_count > 0) as item_count
    from activity
    group by user_id
),

-- without a day of sign-up, whoever was there when the data begin may be an old customer
fresh as (
    select user_id, item_count, least(first_date, signed_up_date) + {{ var('abuse_burst_fresh_days') }} as until_date
    from shoppers
    left join accounts using (user_id)
    where item_count between 1 and {{ var('abuse_burst_items') }}
      and coalesce(signed_up_date, first_date - {{ var('abuse_burst_fresh_days') }}) >= (select min(first_date) from shoppers)
),

lines as (
    select user_id, event_at, 'item' as kind, item_id as id from purchases
    union all
    select user_id, event_at, 'seller', seller_id from purchases inner join catalogue using (item_id) where seller_id is not null
),

-- what few of them bought is no burst: most items and sellers need no further look
followed as (
    select kind, id from lines semi join fresh using (user_id)
    group by kind, id
    having count(distinct user_id) >= {{ var('abuse_burst_buyers') }}
),

buyers as (
    select kind, id, user_id, min(event_at) as bought_at,
        coalesce(cast(bought_at as date) < any_value(until_date), false) as is_fresh
    from lines
    semi join followed using (kind, id)
    left join fresh using (user_id)
    group by kind, id, user_id
),

following as (
    select *, count(*) filter (is_fresh) over (
        partition by kind, id order by bought_at range between current row and {{ hours }} following
    ) as fresh_count
    from buyers
),

-- a buyer is in the largest of the bursts that began in the hours before
bursts as (
    select *, if(is_fresh, max(fresh_count) over (
        partition by kind, id order by bought_at range between {{ hours }} preceding and current row
    ), 0) as burst_count
    from following
),

-- where many purchases are of such accounts anyway, being one says little
made as (
    select kind, id from bursts
    group by kind, id
    having count(*) filter (burst_count >= {{ var('abuse_burst_buyers') }}) / count(*)
        >= greatest({{ var('abuse_burst_share') }}, 2 * (select sum(item_count) from fresh) / (select sum(item_count) from shoppers))
)

select
    {{ as_of() }} as as_of_date,
    user_id,
    'seller_burst' as rule,
    burst_count as value,
    {{ var('abuse_burst_buyers') }} as threshold,
    cast(bought_at as date) as event_date,
    if(kind = 'item', id, null) as item_id,
    if(kind = 'seller', id, null) as seller_id
from bursts semi join made using (kind, id)
where burst_count >= {{ var('abuse_burst_buyers') }}
qualify row_number() over (partition by user_id order by burst_count desc, kind, id) = 1
