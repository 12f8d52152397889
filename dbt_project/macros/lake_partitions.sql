{#- Materialization of facts and features: the rows of this run's days go to <stage_root>/<model>.*.parquet, and the
    relation becomes those rows plus the committed partitions of all other days. Committing is the caller's part. -#}
{% materialization lake_partitions, adapter='duckdb', supported_languages=['sql'] %}
    {%- set target = this.incorporate(type='view') -%}
    {%- do check_columns(model, compiled_code) -%}
    {{ run_hooks(pre_hooks) }}

    {%- set staged = run_var('stage_root') ~ '/' ~ model.name -%}
    {%- set days = as_of_days(compiled_code) -%}
    {%- for day in days -%}
        {#- one day after the other: memory stays that of one day, and no day can see what came after it -#}
        {%- do run_query("set variable as_of = date '" ~ day ~ "'") -%}
        {%- do run_query(copy_to(typed_rows(model, for_day(compiled_code, day)), quoted(staged ~ '.' ~ day ~ '.parquet'))) -%}
        {%- do run_query("reset variable as_of") -%}
    {%- endfor -%}
    {% call statement('main') -%}
        {%- if days %}select 1{% else %}{{ copy_to(typed_rows(model, compiled_code), quoted(staged ~ '.all.parquet')) }}{% endif -%}
    {%- endcall %}
    {%- do create_view(target.schema, target.identifier, netted(model, until_as_of(stage_of(model),
        "select * from read_parquet(" ~ quoted(staged ~ '.*.parquet') ~ ") union all by name "
        ~ lake_rows(model, lake_files(stage_of(model), model.name, outside_range=true))))) -%}

    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% macro copy_to(sql, file) -%}
    copy ({{ sql }}) to {{ file }} (format parquet, compression lz4_raw)
{%- endmacro %}

{#- The days to run the SQL for one by one: those of a range, where the SQL has an as-of day. -#}
{% macro as_of_days(sql) -%}
    {{ return(days_in_range() if as_of() in sql and days_in_range() | length > 1 else []) }}
{%- endmacro %}

{% macro days_in_range() -%}
    {%- set first = modules.datetime.date.fromisoformat(run_var('first_date') | string) -%}
    {%- set last = modules.datetime.date.fromisoformat(run_var('last_date') | string) -%}
    {%- set days = [] -%}
    {%- for offset in range(0, (last - first).days + 1, var('step_days') | int) -%}
        {%- do days.append((first + modules.datetime.timedelta(days=offset)).isoformat()) -%}
    {%- endfor -%}
    {{ return(days) }}
{%- endmacro %}

{% macro for_day(sql, day) -%}
    {{ return(sql | replace(as_of(), as_of_literal(day))) }}
{%- endmacro %}

{#- The model's rows in exactly the declared columns, order and types, and in the order in which they are committed:
    DuckDB sorts them for a tenth of what it costs later. -#}
{% macro typed_rows(node, sql) -%}
    select {% for name, type in declared_columns(node) %}cast("{{ name }}" as {{ type }}) as "{{ name }}"{{ ", " if not loop.last }}{% endfor %}
    from (
{{ sql }}
    )
    {%- if node.config.meta.sort_by %}
    order by {{ node.config.meta.sort_by | join(', ') }}
    {%- endif %}
{%- endmacro %}

{% macro check_columns(node, sql) -%}
    {%- set made = run_query('describe ' ~ sql).columns[0].values() | list -%}
    {%- set declared = node.columns.keys() | list -%}
    {%- set missing = declared | reject('in', made) | list -%}
    {%- set undeclared = made | reject('in', declared) | list -%}
    {%- if missing or undeclared -%}
        {{ exceptions.raise_compiler_error(node.name ~ ": the SQL and the YAML name different columns. Only in the YAML: "
            ~ (missing | join(', ') or 'none') ~ "; only in the SQL: " ~ (undeclared | join(', ') or 'none')
            ~ ". Fix: declare each column of the SQL, with its data_type, in " ~ node.name ~ ".yml.") }}
    {%- endif -%}
{%- endmacro %}
