-- One row per as_of_date, user_id and rule on the gaps between events that the shopper broke: too even, or too short.
with events as (
    select * from {{ ref('stg_events') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', var('abuse_window_days')) }}
      and user_id is not null
      -- the lines of a basket share one time: purchases have no pace
      and action not in ('purchase', 'return', 'rating')
),

-- each action by itself: a click and the view that it opens are one step of a person
times as (
    select
        user_id,
        action,
        date_trunc('week', event_date) as week,
        event_date,
        event_at,
        count(*) as event_count
    from events
    group by user_id, action, event_date, event_at
    qualify count(*) over (partition by user_id, action, week)
        >= least({{ var('abuse_regular_gaps') }}, {{ var('abuse_no_dwell_views') }})
),

steps as (
    select
        *,
        epoch_ms(event_at) - lag(epoch_ms(event_at)) over same_week as gap_ms,
        event_date = lag(event_date) over same_week as is_same_day
    from times
    window same_week as (partition by user_id, action, week order by event_at)
),

-- a week's gaps but for the longest tenth, which are nights and breaks. Where times are cut to minutes, gaps are even
-- too when somebody is fast: then several events share a time
paces as (
    select
        user_id,
        max(event_date) as event_date,
        list_sort(list(gap_ms) filter (gap_ms is not null))[1:(9 * count(gap_ms)) // 10] as gaps_ms
    from steps
    group by user_id, action, week
    having count(gap_ms) >= {{ var('abuse_regular_gaps') }} and 2 * sum(event_count) <= 3 * count(*)
),

sums as (
    select
        user_id,
        event_date,
        len(gaps_ms) as gaps,
        list_sum(gaps_ms) as total,
        list_sum(list_transform(gaps_ms, lambda gap: gap * gap)) as squares
    from paces
),

-- the median of whole numbers, so that it does not depend on the order of adding
dwells as (
    select
        user_id,
        event_date,
        quantile_disc(gap_ms, 0.5) / 1000 as median_gap_s
    from steps
    where is_same_day and action in ('view', 'click')
    group by user_id, action, event_date
    having count(*) + 1 >= {{ var('abuse_no_dwell_views') }}
),

broken as (
    select
        user_id,
        'regular_gaps' as rule,
        sqrt(greatest(gaps * squares - total * total, 0)) / total as value,
        {{ var('abuse_regular_variation') }} as threshold,
        event_date
    from sums
    union all
    select user_id, 'no_dwell', median_gap_s, {{ var('abuse_no_dwell_s') }}, event_date
    from dwells
)

select
    {{ as_of() }} as as_of_date,
    *
from broken
where value < threshold
qualify row_number() over (partition by user_id, rule order by value, event_date desc) = 1
