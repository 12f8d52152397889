-- One row per as_of_date and pair of recommendable items (item_id < other_item_id) that at least pair_min_baskets baskets
-- of the last 364 days hold both of.
with events as (
    select * from {{ ref('stg_events') }}
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
        item_code,
        dense_rank() over (order by session_id) as basket,
        max(event_date) over (partition by session_id) as event_date
    from lines
    qualify count(*) over (partition by session_id) between 2 and {{ var('pair_max_basket_items') }}
),

weighted as (
    select
        *,
        {{ in_last_days('event_date', 91) }} as is_in_91d,
        {{ decayed('event_date', 91) }} as weight
    from baskets
),

pairs as (
    select
        one.item_code,
        other.item_code as other_item_code,
        count(*) filter (one.is_in_91d) as basket_count_91d,
        count(*) as basket_count_364d,
        sum(one.weight) as basket_decayed
    from weighted as one
    inner join weighted as other on one.basket = other.basket and one.item_code < other.item_code
    group by one.item_code, other.item_code
    having count(*) >= {{ var('pair_min_baskets') }}
)

select
    {{ as_of() }} as as_of_date,
    one.item_id,
    other.item_id as other_item_id,
    pairs.basket_count_91d,
    pairs.basket_count_364d,
    pairs.basket_decayed
from pairs
-- codes follow the order of ids
inner join items as one on one.item_code = pairs.item_code
inner join items as other on other.item_code = pairs.other_item_code
