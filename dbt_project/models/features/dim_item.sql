-- One row per as_of_date and item that had been in the catalogue or in an event by then.
with versions as (
    select * from {{ ref('stg_items') }}
    where arrival_date <= {{ as_of() }}
      and version_rank = 1
),

sales as (
    select * from {{ ref('fct_item_daily') }}
    where arrival_date <= {{ as_of() }}
),

events as (
    select * from {{ without_suspects(ref('stg_events')) }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', 364) }}
      and action = 'purchase'
),

catalogue as (
    select * from versions
    qualify row_number() over (partition by item_id order by arrival_date desc) = 1
),

known_items as (
    select item_id from catalogue
    union
    select item_id from sales
),

paid as (
    select
        item_id,
        currency,
        median(unit_price) as price
    from events
    group by item_id, currency
    qualify row_number() over (partition by item_id order by count(*) desc, currency) = 1
)

select
    {{ as_of() }} as as_of_date,
    row_number() over (order by known_items.item_id) - 1 as item_code,
    known_items.item_id,

    catalogue.title,
    catalogue.category_l1,
    catalogue.category_l2,
    catalogue.category_l3,
    case
        when catalogue.category_l2 is null then -1
        else dense_rank() over (order by catalogue.category_l2 nulls last) - 1
    end as category_code,
    catalogue.brand,
    catalogue.image_url,

    coalesce(catalogue.price, paid.price) as price,
    case when catalogue.price is null then paid.currency else catalogue.currency end as currency,

    coalesce(
        catalogue.is_available and not catalogue.is_blocked and not catalogue.is_adult and catalogue.title is not null,
        false
    ) as is_recommendable
from known_items
left join catalogue using (item_id)
left join paid using (item_id)
