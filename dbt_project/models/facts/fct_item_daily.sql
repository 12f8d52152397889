-- One row per arrival_date, event_date, item_id and region with any event.
with events as (
    select * from {{ ref('stg_event_changes') }}
    where arrival_date {{ built_days() }}
      and item_id is not null
)

select
    arrival_date,
    event_date,
    item_id,
    region,
    {%- for action in ['purchase', 'view', 'click', 'cart', 'return'] %}
    coalesce(sum(change) filter (action = '{{ action }}'), 0) as {{ action }}_count,
    {%- endfor %}
    count(distinct user_id) filter (action = 'purchase' and change > 0)
        - count(distinct user_id) filter (action = 'purchase' and change < 0) as buyer_count,
    sum(net_quantity) as quantity,
    sum(net_amount) as spend
from events
group by arrival_date, event_date, item_id, region
