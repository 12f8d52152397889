-- One row per as_of_date and user_id of a fresh account that bought an item, or of a seller, within the same hours as many
-- others like it.
{%- set hours = "interval '" ~ var('abuse_burst_hours') ~ " hours'" %}
with purchases as (
    select * from {{ ref('stg_events') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', var('abuse_window_days')) }}
      and user_id is not null
      and item_id is not null
      and action = 'purchase'
),

fresh as (
    select *, since_date + {{ var('abuse_burst_fresh_days') }} as until_date
    from {{ ref('int_fresh_account') }}
    where as_of_date = {{ as_of() }}
),

catalogue as (
    select item_id, seller_id
    from {{ ref('stg_items') }}
    where arrival_date <= {{ as_of() }}
      and version_rank = 1
    qualify row_number() over (partition by item_id order by arrival_date desc) = 1
),

theirs as (
    select user_id, unnest(['item', 'seller']) as kind, unnest([item_id, seller_id]) as id
    from purchases
    semi join fresh using (user_id)
    left join catalogue using (item_id)
),

-- what few of them bought is no burst: the purchases of most items and sellers need not be looked at
followed as (
    select kind, id
    from theirs
    where id is not null
    group by kind, id
    having count(distinct user_id) >= {{ var('abuse_burst_buyers') }}
),

lines as (
    select user_id, event_at, kind, id
    from purchases
    inner join followed on kind = 'item' and id = item_id
    union all
    select user_id, event_at, kind, id
    from purchases
    inner join catalogue using (item_id)
    inner join followed on kind = 'seller' and id = seller_id
),

buyers as (
    select kind, id, user_id, min(event_at) as bought_at,
        coalesce(cast(bought_at as date) < any_value(until_date), false) as is_fresh
    from lines
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
    select kind, id
    from bursts
    group by kind, id
    having count(*) filter (burst_count >= {{ var('abuse_burst_buyers') }}) / count(*)
        >= greatest({{ var('abuse_burst_share') }}, 2 * (select sum(purchase_share) from fresh))
)

select
    {{ as_of() }} as as_of_date, user_id, 'seller_burst' as rule,
    burst_count as value,
    {{ var('abuse_burst_buyers') }} as threshold,
    cast(bought_at as date) as event_date,
    if(kind = 'item', id, null) as item_id,
    if(kind = 'seller', id, null) as seller_id
from bursts
semi join made using (kind, id)
where burst_count >= {{ var('abuse_burst_buyers') }}
qualify row_number() over (partition by user_id order by burst_count desc, kind, id) = 1
