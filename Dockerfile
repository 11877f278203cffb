# TrackFlow as an image: the web server by default, any `flask --app wsgi ...` as its command.
#
# Debian's PostgreSQL client of this base is version 15: `flask backup` supports servers up to that.
FROM python:3.11.13-slim-bookworm AS libraries

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt /tmp/requirements.txt
# Wheels only: an image with a compiler is larger and more useful to an attacker.
RUN python -m venv /opt/trackflow \
    && /opt/trackflow/bin/pip install --only-binary=:all: -r /tmp/requirements.txt


FROM python:3.11.13-slim-bookworm

RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client-15 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/trackflow --create-home trackflow

COPY --from=libraries /opt/trackflow /opt/trackflow
WORKDIR /srv/trackflow
# Only the application, without tests, benchmarks and documents.
COPY wsgi.py gunicorn.conf.py LICENSE ./
COPY migrations migrations
COPY static static
COPY templates templates
COPY trackflow_web trackflow_web
RUN /opt/trackflow/bin/python -m compileall -q trackflow_web migrations wsgi.py

ENV PATH=/opt/trackflow/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TRACKFLOW_ENV=production \
    INSTANCE_PATH=/var/lib/trackflow

USER trackflow
EXPOSE 8000

# Its host name must be in TRUSTED_HOSTS, if that is set.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]

# The workers' heartbeat is a file: in memory, because a slow disk would look like a dead worker.
CMD ["gunicorn", "--config", "gunicorn.conf.py", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "25", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "wsgi:app"]
