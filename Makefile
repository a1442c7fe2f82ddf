# 信途 Xintu. 两条命令：make serve 启动服务，make test 运行全部测试。变量可写在命令后：make serve XINTU_PORT=9000
# (GNU make exports variables given on its command line, so XINTU_… reach the service without a list here.)
.DEFAULT_GOAL := help
.PHONY: help serve test test-external lint bench lock environment dev-environment

# The first Python that is new enough; another: make PYTHON=/path/to/python …
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
RUN := .venv/bin/python
# Which tests: make test TESTS=tests/test_workdays.py
TESTS ?=
# How many subjects make bench measures on; the database is kept under .data
SUBJECTS ?= 100000

help:  ## 显示这些命令
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile
	@echo "  设置写在后面，如 make serve XINTU_PORT=9000；全部设置见 README.md"

serve: environment  ## 准备环境、数据库和示例数据，启动服务 http://127.0.0.1:8000
	@$(RUN) -m server serve

test: dev-environment lint  ## 全部检查：格式、类型、测试（缺少的工具会先装上）
	@$(RUN) -m pytest $(TESTS)

test-external: dev-environment  ## 在 Debian 的 PostgreSQL 15 上经外部设置运行测试
	@.ci/with-postgresql $(RUN) -m pytest $(TESTS)

lint: dev-environment  ## 只查格式和类型
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

bench: dev-environment  ## 测量接口、网页、检索的速度（10 万主体；百万：make bench SUBJECTS=1000000）
	@$(RUN) -m server bench api --subjects $(SUBJECTS)

# The service's lock follows the test lock, so that both name the same versions. Upgrade all: make lock UPGRADE=--upgrade
UV ?= $(shell command -v uv || echo .venv/bin/uv)
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links $(UPGRADE)
lock:  ## 重新锁定依赖（需要 uv）
	@$(COMPILE) --group dev pyproject.toml --output-file requirements-dev.lock
	@$(COMPILE) --constraint requirements-dev.lock pyproject.toml --output-file requirements.lock
	@$(COMPILE) tests/clients/python/requirements.in --output-file tests/clients/python/requirements.lock

environment:
	@test -n "$(PYTHON)" || { echo "信途需要 Python 3.11 或更新，没有找到；请安装后再运行。"; exit 1; }
	@$(PYTHON) -I server/bootstrap.py

dev-environment:
	@test -n "$(PYTHON)" || { echo "信途需要 Python 3.11 或更新，没有找到；请安装后再运行。"; exit 1; }
	@$(PYTHON) -I server/bootstrap.py --dev
