-- One row per as_of_date and user_id with a purchase in the last 364 days.
with pairs as (
    select * from {{ ref('feat_user_item') }}
    where as_of_date = {{ as_of() }}
),

events as (
    select * from {{ ref('stg_events') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', 364) }}
      and user_id is not null
      and item_id is not null
      and action = 'purchase'
),

-- a source without sessions counts days
baskets as (
    select
        user_id,
        max(event_date) as event_date
    from events
    group by user_id, coalesce(session_id, cast(event_date as varchar))
),

basket_counts as (
    select
        user_id,
        {%- for days in windows() %}
        count(*) filter ({{ in_last_days('event_date', days) }}) as basket_count_{{ days }}d,
        {%- endfor %}
        count(distinct event_date) as purchase_days_364d,
        max(event_date) as last_date,
        min(event_date) as first_date
    from baskets
    group by user_id
),

purchases as (
    select
        user_id,
        {%- for days in windows() %}
        count(*) filter (purchase_days_{{ days }}d > 0) as item_count_{{ days }}d,
        sum(spend_{{ days }}d) as spend_{{ days }}d,
        {%- endfor %}
        count(*) filter (purchase_days_364d > 1) / count(*) as repeat_item_share_364d
    from pairs
    group by user_id
)

select
    {{ as_of() }} as as_of_date,
    purchases.*,
    basket_counts.* exclude (user_id, last_date, first_date),
    {{ as_of() }} - last_date as since_purchase_days,
    (last_date - first_date) / nullif(purchase_days_364d - 1, 0) as mean_gap_days,
    spend_91d / nullif(basket_count_91d, 0) as mean_basket_spend_91d
from purchases
inner join basket_counts using (user_id)
