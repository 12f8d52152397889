{#- Where partitions live and how they are read. Nothing here writes. -#}

{% macro partition_column(stage) -%}
    {{ return('arrival_date' if stage in ('raw', 'staging', 'facts') else 'as_of_date') }}
{%- endmacro %}

{% macro stage_of(node) -%}
    {{ return('raw' if node.resource_type == 'source' else node.config.meta.dagster.group) }}
{%- endmacro %}

{% macro built_days() -%}
    between date '{{ run_var("first_date") }}' and date '{{ run_var("last_date") }}'
{%- endmacro %}

{#- Paths of a table's committed partitions, oldest first; outside_range leaves out the days of this run. Partitions
    later than the range are listed too only for models that this run builds: nothing else may look past last_date. -#}
{% macro lake_files(stage, name, outside_range=false) -%}
    {%- set column = partition_column(stage) -%}
    {%- set folder = run_var('lake_root') ~ '/' ~ stage ~ '/' ~ name -%}
    {%- set files = run_query(
        "with files as (select file, regexp_extract(file, '=(\\d{4}-\\d{2}-\\d{2})[/\\\\]data[^/\\\\]*\\.parquet$', 1)::date as day"
        ~ " from glob(" ~ quoted(folder ~ '/' ~ column ~ '=*/data*.parquet') ~ "))"
        ~ " select file from files where "
        ~ ("day not " ~ built_days() if outside_range else "day <= date '" ~ run_var('last_date') ~ "'")
        ~ " order by day, file"
    ) -%}
    {{ return(files.columns[0].values() | list) }}
{%- endmacro %}

{#- The same, with one file in place of the days of each closed month that has been rolled up. -#}
{% macro month_files(stage, name) -%}
    {%- set months = var('months').get(stage ~ '/' ~ name, {}) -%}
    {%- set files = months.values() | list -%}
    {%- for file in lake_files(stage, name) if (file | string).split(partition_column(stage) ~ '=')[1][:7] not in months -%}
        {%- do files.append(file) -%}
    {%- endfor -%}
    {{ return(files) }}
{%- endmacro %}

{#- Rows of Parquet files in the declared columns and types: a column that older files lack is null there, and no
    files at all is an empty table. -#}
{% macro lake_rows(node, files) -%}
    select {% for name, type in declared_columns(node) %}cast("{{ name }}" as {{ type }}) as "{{ name }}"{{ ", " if not loop.last }}{% endfor %}
    from (
        select {% for name, type in declared_columns(node) %}cast(null as {{ type }}) as "{{ name }}"{{ ", " if not loop.last }}{% endfor %}
        where false
        {%- if files %}
        union all by name
        select * from read_parquet([{% for file in files %}{{ quoted(file) }}{{ ", " if not loop.last }}{% endfor %}], hive_partitioning = false, union_by_name = true)
        {%- endif %}
    )
    {{ where_sampled(node) }}
{%- endmacro %}

{#- The folder of a source's rows: what corrections have taken back lies beside what arrived. -#}
{% macro source_folder(source) -%}
    {{ return((source.config.meta or {}).get("folder", source.name)) }}
{%- endmacro %}

{#- Daily facts as of the day being computed: where corrections have taken rows back, a row of facts and what was taken
    from it are added up, and nothing is left of a row that was taken back whole. -#}
{% macro netted(node, rows) -%}
    {%- set keys = node.config.meta.sort_by | default([], true) | reject('equalto', 'arrival_date') | list -%}
    {%- if stage_of(node) != 'facts' or not lake_files('raw', 'retracted/*') -%}
        {{ return(rows) }}
    {%- endif -%}
    {%- set measures = declared_columns(node) | map(attribute=0) | reject('in', keys + ['arrival_date']) | list -%}
    select min(arrival_date) as arrival_date, {{ keys | join(', ') }}
    {%- for measure in measures %}, cast(sum({{ measure }}) as {{ node.columns[measure].data_type }}) as {{ measure }}{% endfor %}
    from ({{ rows }})
    group by {{ keys | join(', ') }}
    having {% for measure in measures %}sum({{ measure }}) <> 0{{ " or " if not loop.last }}{% endfor %}
{%- endmacro %}

{#- What a reader may see of a table: nothing that arrived, or is as of a day, after the day being computed. A model that
    forgets to say so itself still cannot look ahead, in a range of days no more than in a run of one. -#}
{% macro until_as_of(stage, rows) -%}
    select * from ({{ rows }}) where {{ partition_column(stage) }} <= coalesce(getvariable('as_of'), date '{{ run_var("last_date") }}')
{%- endmacro %}

{#- (name, data type) of every column in a node's YAML, in its order. -#}
{% macro declared_columns(node) -%}
    {%- set columns = [] -%}
    {%- for column in node.columns.values() -%}
        {%- if not column.data_type -%}
            {{ exceptions.raise_compiler_error(node.name ~ "." ~ column.name ~ " has no data_type. Fix: state it in the YAML beside the model.") }}
        {%- endif -%}
        {%- do columns.append((column.name, column.data_type)) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro quoted(text) -%}
    {{ return("'" ~ text | replace("'", "''") ~ "'") }}
{%- endmacro %}
