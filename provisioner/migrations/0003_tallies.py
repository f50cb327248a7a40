from django.db import migrations, models

# What was done before there were tallies, as far as the rows still tell; the bounds are those of that day.
SEED = """
INSERT INTO provisioner_tally (measure, step, reason, le, count, microseconds)
SELECT measure, step, reason, le, count(*), sum(microseconds) FROM (
    SELECT
        CASE s.state WHEN 'failed' THEN 'failure' ELSE 'step_seconds' END AS measure,
        CASE o.kind WHEN 'teardown' THEN 'teardown-' ELSE '' END || s.name AS step,
        CASE s.state WHEN 'failed' THEN s.error_reason ELSE '' END AS reason,
        CASE s.state WHEN 'failed' THEN 'Infinity'::float8 ELSE (
            SELECT min(bound) FROM unnest(
                ARRAY[0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 'Infinity']::float8[]
            ) AS bound WHERE bound >= extract(epoch FROM s.finished_at - s.started_at)
        ) END AS le,
        CASE s.state WHEN 'failed' THEN 0
            ELSE (extract(epoch FROM s.finished_at - s.started_at) * 1000000)::bigint END AS microseconds
    FROM provisioner_step s JOIN provisioner_operation o ON o.id = s.operation_id
    WHERE (s.state = 'failed' AND o.kind <> 'teardown')
        OR (s.state = 'succeeded' AND s.started_at <= s.finished_at)
) AS done GROUP BY measure, step, reason, le
"""


class Migration(migrations.Migration):
    dependencies = [
        ("provisioner", "0002_reconcile_and_blockers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("step_seconds", "Seconds of a finished step"),
                            ("failure", "A step that was given up"),
                        ],
                        max_length=20,
                    ),
                ),
                ("step", models.CharField(max_length=60)),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("le", models.FloatField(default=float("inf"))),
                ("count", models.PositiveBigIntegerField(default=1)),
                ("microseconds", models.PositiveBigIntegerField(default=0)),
            ],
            options={"verbose_name_plural": "tallies", "ordering": ["id"]},
        ),
        migrations.RunSQL(SEED, migrations.RunSQL.noop),
    ]
