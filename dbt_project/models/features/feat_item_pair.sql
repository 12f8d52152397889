-- One row per as_of_date and pair of recommendable items (item_id < other_item_id) that at least pair_min_baskets baskets
-- of the last 364 days hold both of; what suspects did is left out.
with events as (
    select * from {{ without_suspects(ref('stg_events')) }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', 364) }}
      and action = 'purchase'
      and session_id is not null
),

items as (
    select * from {{ ref('dim_item') }}
    where as_of_date = {{ as_of() }}
      and is_recommendable
),

lines as (
    select
        session_id,
        item_code,
        max(event_date) as event_date
    from events
    inner join items using (item_id)
    group by session_id, item_code
),

-- one wholesale basket would pair everything with everything
baskets as (
    select
        list(item_code) as items,
        max(event_date) as event_date
    from lines
    group by session_id
    having count(*) between 2 and {{ var('pair_max_basket_items') }}
),

weighted as (
    select
        items,
        {{ decayed('event_date', 91) }} as weight,
        {{ in_last_days('event_date', 91) }} as is_recent
    from baskets
),

-- a join of the baskets with themselves would first make every pair of every basket a row
pairs as (
    select
        unnest(
            count_item_pairs(list({items: items, weight: weight, is_recent: is_recent}), {{ var('pair_min_baskets') }})
        ) as pair
    from weighted
)

select
    {{ as_of() }} as as_of_date,
    one.item_id,
    other.item_id as other_item_id,
    pair.recent_count as basket_count_91d,
    pair.basket_count as basket_count_364d,
    pair.weight / 1e6 as basket_decayed
from pairs
-- codes follow the order of ids
inner join items as one on one.item_code = pair.item_code
inner join items as other on other.item_code = pair.other_item_code
