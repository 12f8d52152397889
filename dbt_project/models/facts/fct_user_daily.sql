-- One row per arrival_date, event_date, user_id and region with any event.
with events as (
    select
        *,
        regexp_matches(lower(device), 'mobile|phone|android|ios|tablet|app') as is_mobile,
        hour(event_at) // 6 as quarter
    from {{ ref('stg_event_changes') }}
    where arrival_date {{ built_days() }}
      and user_id is not null
)

select
    arrival_date,
    event_date,
    user_id,
    region,
    {{- action_sums(actions() + ['search']) }},
    {{ distinct_values('session_id') }} as session_count,
    {{ distinct_values("coalesce(session_id, '')", "action = 'purchase'") }} as basket_count,
    sum(change) as event_count,
    coalesce(sum(change) filter (is_mobile), 0) as mobile_count,
    {%- for part in ['night', 'morning', 'afternoon', 'evening'] %}
    coalesce(sum(change) filter (quarter = {{ loop.index0 }}), 0) as {{ part }}_count{{ "," if not loop.last }}
    {%- endfor %}
from events
group by arrival_date, event_date, user_id, region
