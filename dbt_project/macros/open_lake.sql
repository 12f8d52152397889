{#- Before a run: every source and every model that this run does not build becomes a view over what is committed, so
    that a partial build reads full windows and rebuilds no parent. -#}
{% macro open_lake() -%}
    {%- if execute -%}
        {%- do check_vars() -%}
        {%- if target.name == 'dev' %}{% do open_dev() %}{% endif -%}
        {%- do run_query('create schema if not exists raw') -%}
        {%- set often = read_often() -%}
        {%- for source in graph.sources.values() -%}
            {%- do create_view(source.schema, source.name, until_as_of('raw', at_hand(source, lake_files('raw', source_folder(source)), often))) -%}
        {%- endfor -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.unique_id not in built_resources() and not stays_built(node) -%}
            {%- if node.config.materialized == 'lake_partitions' -%}
                {%- do create_view(node.schema, node.name, netted(node, until_as_of(stage_of(node), at_hand(node, month_files(stage_of(node), node.name), often)))) -%}
            {%- else -%}
                {#- staging reads sources only, so its SQL can be rendered here as it stands -#}
                {%- do create_view(node.schema, node.name, render(node.raw_code)) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do check_parents() -%}
    {%- endif -%}
{%- endmacro %}

{#- A parent that is neither built now nor committed for a day of the range would be read as empty: say so instead. -#}
{% macro check_parents() -%}
    {%- for node in graph.nodes.values() if node.unique_id in built_resources() and node.resource_type == 'model' -%}
        {%- for parent in node.depends_on.nodes if parent.startswith('model.') and parent not in built_resources() -%}
            {%- set table = graph.nodes[parent] -%}
            {%- if table.config.materialized == 'lake_partitions' -%}
                {%- set column = partition_column(stage_of(table)) -%}
                {%- set files = lake_files(stage_of(table), table.name) | join(' ') -%}
                {%- for day in days_in_range() if ('/' ~ column ~ '=' ~ day ~ '/') not in files -%}
                    {{ exceptions.raise_compiler_error(node.name ~ " reads " ~ table.name ~ ", which has no partition " ~ column ~ "=" ~ day
                        ~ ". Fix: build " ~ table.name ~ " for that day first, or select it in this run too.") }}
                {%- endfor -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{% macro create_view(schema, name, sql) -%}
    {%- do run_query('create or replace view "' ~ schema ~ '"."' ~ name ~ '" as (' ~ sql ~ '\n)') -%}
{%- endmacro %}

{% macro check_vars() -%}
    {%- for name in ['first_date', 'last_date', 'lake_root', 'stage_root'] if not run_var(name) -%}
        {{ exceptions.raise_compiler_error("dbt was called without the variable '" ~ name ~ "'. Fix: pass --vars '{first_date: ..., last_date: ..., lake_root: ..., stage_root: ...}' (see dbt_project/README.md).") }}
    {%- endfor -%}
    {%- if run_var('first_date') | string > run_var('last_date') | string -%}
        {{ exceptions.raise_compiler_error("first_date " ~ run_var('first_date') ~ " is later than last_date " ~ run_var('last_date') ~ ". Fix: swap them.") }}
    {%- endif -%}
{%- endmacro %}
