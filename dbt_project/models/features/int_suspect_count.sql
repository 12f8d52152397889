-- One row per as_of_date, user_id and rule on how much a person does in a day or an hour that the shopper broke.
with events as (
    select * from {{ ref('stg_events') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', var('abuse_window_days')) }}
      and user_id is not null
      and action not in ('return', 'rating')
),

days as (
    select
        user_id,
        event_date,
        null as item_id,
        count(*) filter (action <> 'purchase') as event_count,
        count(*) filter (action = 'purchase') as purchase_count
    from events
    group by user_id, event_date
),

-- few days hold so much of anything that an item of them has to be looked at
full_days as (
    select user_id, event_date from days
    where event_count >= {{ var('abuse_item_events_per_day') }}
       or purchase_count >= {{ var('abuse_item_purchases_per_day') }}
),

item_days as (
    select
        user_id,
        event_date,
        item_id,
        count(*) filter (action <> 'purchase') as event_count,
        count(*) filter (action = 'purchase') as purchase_count
    from events
    semi join full_days using (user_id, event_date)
    where item_id is not null
    group by user_id, event_date, item_id
),

-- a source that knows only the day has one time in an hour, and no hours
hours as (
    select
        user_id,
        event_date,
        null as item_id,
        count(*) as event_count
    from events
    where action <> 'purchase'
    group by user_id, event_date, date_trunc('hour', event_at)
    having count(distinct event_at) >= 10
),

broken as (
    {%- for rule, threshold, counts, value in [
        ('events_per_day', var('abuse_events_per_day'), 'days', 'event_count'),
        ('events_per_hour', var('abuse_events_per_hour'), 'hours', 'event_count'),
        ('item_events_per_day', var('abuse_item_events_per_day'), 'item_days', 'event_count'),
        ('purchases_per_day', var('abuse_purchases_per_day'), 'days', 'purchase_count'),
        ('item_purchases_per_day', var('abuse_item_purchases_per_day'), 'item_days', 'purchase_count'),
    ] %}
    select
        user_id,
        '{{ rule }}' as rule,
        {{ value }} as value,
        {{ threshold }} as threshold,
        event_date,
        item_id
    from {{ counts }}
    where {{ value }} >= {{ threshold }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
)

select
    {{ as_of() }} as as_of_date,
    *
from broken
qualify row_number() over (partition by user_id, rule order by value desc, event_date desc, item_id) = 1
