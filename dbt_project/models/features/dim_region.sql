-- One row per as_of_date and region that any event had named by then.
with sales as (
    select * from {{ ref('fct_item_daily') }}
    where arrival_date <= {{ as_of() }}
      and region <> ''
),

regions as (
    select distinct region from sales
)

select
    {{ as_of() }} as as_of_date,
    row_number() over (order by region) - 1 as region_code,
    region
from regions
