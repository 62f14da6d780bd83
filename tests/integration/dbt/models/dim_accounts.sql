select id, company, seats from {{ ref('stg_accounts') }}
