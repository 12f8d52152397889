-- One row per arrival_date, event_date, user_id and item_id with any event.
with events as (
    select * from {{ ref('stg_event_changes') }}
    where arrival_date {{ built_days() }}
      and user_id is not null
      and item_id is not null
)

select
    arrival_date,
    event_date,
    user_id,
    item_id,
    {%- for action in ['view', 'click', 'cart', 'purchase', 'return'] %}
    coalesce(sum(change) filter (action = '{{ action }}'), 0) as {{ action }}_count,
    {%- endfor %}
    sum(net_quantity) as quantity,
    sum(net_amount) as spend,
    count(distinct session_id) filter (change > 0) - count(distinct session_id) filter (change < 0) as session_count
from events
group by arrival_date, event_date, user_id, item_id
