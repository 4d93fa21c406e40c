#!/bin/sh
# Make the secrets that docker-compose.yml mounts, one file each, in .secrets; what is there stays.
# The folder is for its owner alone; the files in it are readable, because each container reads its
# own as a user of its own. $1: another folder.
set -eu
folder=${1:-$(dirname "$0")/../../.secrets}
mkdir -p "$folder"
chmod 700 "$folder"
for name in \
    promo_postgres_superuser_password \
    promo_postgres_password \
    promo_postgres_cdc_password \
    promo_postgres_monitor_password \
    promo_postgres_eraser_password \
    promo_postgres_reconciler_password \
    promo_redis_password \
    promo_kafka_broker_password \
    promo_kafka_operator_password \
    promo_kafka_debezium_password \
    promo_kafka_scoring_password \
    promo_kafka_warehouse_password \
    promo_kafka_monitor_password \
    promo_kafka_api_password \
    promo_connect_password \
    promo_clickhouse_password \
    promo_clickhouse_api_password \
    promo_clickhouse_reader_password \
    promo_hash_key \
    promo_api_key \
    promo_grafana_admin_password
do
    [ -s "$folder/$name" ] && continue
    # 32 letters and digits, without a newline: whoever reads a file takes its bytes as they are.
    head -c 512 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9' | head -c 32 > "$folder/$name.new"
    [ "$(wc -c < "$folder/$name.new")" -eq 32 ] || { echo "no random bytes for $name" >&2; exit 1; }
    chmod 444 "$folder/$name.new"
    mv "$folder/$name.new" "$folder/$name"
    echo "made $name"
done
echo "secrets are in $folder; start: docker compose up --detach --wait"
