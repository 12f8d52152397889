-- One row per as_of_date and pair of recommendable items (item_id < other_item_id) that at least pair_min_baskets visits of
-- the last 91 days saw both of, or saw one of before they bought the other; what suspects did is left out.
with events as (
    select * from {{ without_suspects(ref('stg_events')) }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', 91) }}
      and action in ('view', 'click', 'purchase')
      and session_id is not null
),

items as (
    select * from {{ ref('dim_item') }}
    where as_of_date = {{ as_of() }}
      and is_recommendable
),

seen as (
    select
        session_id,
        item_code,
        min(event_at) filter (action <> 'purchase') as seen_at,
        max(event_at) filter (action = 'purchase') as bought_at,
        max(event_date) as event_date
    from events
    inner join items using (item_id)
    group by session_id, item_code
),

-- a crawl of the catalogue would pair everything with everything
visits as (
    select
        list(item_code) as items,
        {{ decayed('max(event_date)', 28) }} as weight,
        {{ in_last_days('max(event_date)', 28) }} as is_recent
    from seen
    where seen_at is not null
    group by session_id
    having count(*) between 2 and {{ var('pair_max_basket_items') }}
),

viewed as (
    select
        unnest(
            count_item_pairs(list({items: items, weight: weight, is_recent: is_recent}), {{ var('pair_min_baskets') }})
        ) as pair
    from visits
),

bought_after_viewed as (
    select
        least(one.item_code, other.item_code) as item_code,
        greatest(one.item_code, other.item_code) as other_item_code,
        count(*) filter (one.item_code < other.item_code) as view_buy_count,
        count(*) filter (one.item_code > other.item_code) as buy_view_count
    from seen as one
    inner join seen as other using (session_id)
    where one.item_code <> other.item_code and other.bought_at >= one.seen_at
    group by all
    having count(*) >= {{ var('pair_min_baskets') }}
),

pairs as (
    select
        coalesce(pair.item_code, bought.item_code) as item_code,
        coalesce(pair.other_item_code, bought.other_item_code) as other_item_code,
        coalesce(pair.recent_count, 0) as view_session_count_28d,
        coalesce(pair.basket_count, 0) as view_session_count_91d,
        coalesce(pair.weight, 0) / 1e6 as view_session_decayed,
        coalesce(view_buy_count, 0) as view_buy_session_count_91d,
        coalesce(buy_view_count, 0) as buy_view_session_count_91d
    from viewed
    full join bought_after_viewed as bought
        on pair.item_code = bought.item_code and pair.other_item_code = bought.other_item_code
)

select
    {{ as_of() }} as as_of_date,
    one.item_id,
    other.item_id as other_item_id,
    pairs.* exclude (item_code, other_item_code)
from pairs
-- codes follow the order of ids
inner join items as one on one.item_code = pairs.item_code
inner join items as other on other.item_code = pairs.other_item_code
