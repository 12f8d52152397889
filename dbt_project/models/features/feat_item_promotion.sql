-- One row per as_of_date and item_id with a promotion, known on the as-of day, in the seven days up to it or after it.
with promotions as (
    select * from {{ ref('stg_promotions') }}
    where arrival_date <= {{ as_of() }}
      and known_at < {{ as_of() }} + interval 1 day
),

-- a later version may end earlier, so a promotion is left out here only when no version of it runs
near as (
    select
        item_id,
        region,
        kind,
        starts_date
    from promotions
    where starts_date <= {{ as_of() }} + 7
    group by item_id, region, kind, starts_date
    having max(ends_date) > {{ as_of() }} - 7
),

newest as (
    select promotions.* from promotions
    semi join near using (item_id, region, kind, starts_date)
    qualify row_number() over (
        partition by item_id, region, kind, starts_date
        order by arrival_date desc, arrival_hour desc, known_at desc, source_file desc, source_line desc
    ) = 1
),

running as (
    select
        item_id,
        kind,
        store_share,
        greatest(0, least(ends_date, {{ as_of() }}) - greatest(starts_date, {{ as_of() }} - 6) + 1) as days_7d,
        greatest(0, least(ends_date, {{ as_of() }} + 7) - greatest(starts_date, {{ as_of() }} + 1) + 1) as days_next_7d
    from newest
    where ends_date > {{ as_of() }} - 7
),

-- a share is the part of the shop's store-days in those seven days on which the promotion runs
shares as (
    select
        item_id,
        {%- for kind in ['display', 'mailer'] %}{% for span in ['7d', 'next_7d'] %}
        least(1, coalesce(sum(store_share * days_{{ span }}) filter (kind = '{{ kind }}'), 0) / 7) as {{ kind }}_share_{{ span }}{{ "," if not (loop.last and kind == 'mailer') }}
        {%- endfor %}{% endfor %}
    from running
    group by item_id
)

select
    {{ as_of() }} as as_of_date,
    item_id,
    display_share_7d,
    display_share_next_7d,
    display_share_next_7d - display_share_7d as display_share_change,
    mailer_share_7d,
    mailer_share_next_7d,
    mailer_share_next_7d - mailer_share_7d as mailer_share_change,
    display_share_next_7d > 0 as is_display_next_7d,
    mailer_share_next_7d > 0 as is_mailer_next_7d
from shares
