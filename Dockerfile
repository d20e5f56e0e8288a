# The connector as Airbyte runs it: docker build -t source-tiktok-organic .
# The base image is the one of metadata.yaml.
ARG BASE_IMAGE=docker.io/airbyte/python-connector-base:4.1.0@sha256:1d1aa21d34e851df4e8a87b391c27724c06e2597608e7161f4d167be853bd7b6

# What the connector needs, in an environment of its own: the base image's packages belong to its own tools.
FROM ${BASE_IMAGE} AS dependencies
ENV PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv --without-pip /opt/source-tiktok-organic
COPY requirements/runtime.txt /requirements/
RUN python -m pip --python /opt/source-tiktok-organic/bin/python install --quiet --no-compile \
        --no-deps --only-binary :all: --require-hashes --requirement /requirements/runtime.txt
# By hash and not by date, because dates change when an image is copied or built reproducibly.
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash -x '/tests/' /opt/source-tiktok-organic/lib

# The connector alone, in /package.
FROM dependencies AS package
RUN python -m venv --without-pip /build-tools
COPY requirements/build.txt /requirements/
RUN python -m pip --python /build-tools/bin/python install --quiet \
        --no-deps --only-binary :all: --require-hashes --requirement /requirements/build.txt
COPY . /source
WORKDIR /source
RUN /build-tools/bin/python -m hatchling build --target wheel --directory /wheels \
    && python -m pip --python /opt/source-tiktok-organic/bin/python install --quiet --no-compile --no-warn-script-location \
        --no-deps --no-index --root /package /wheels/*.whl \
    && python -m compileall -q --invalidation-mode unchecked-hash -s /package -p / /package

FROM ${BASE_IMAGE}
# Airbyte's base image has this user already.
RUN id airbyte > /dev/null 2>&1 || useradd --uid 1000 --no-create-home --home-dir /nonexistent airbyte
WORKDIR /airbyte/integration_code
COPY --from=dependencies /opt/source-tiktok-organic /opt/source-tiktok-organic
COPY --from=package /package /
# What does not start is no image. This also leaves the bytecode of Python's own library, which Python's images lack and the
# connector's user could not write.
RUN /opt/source-tiktok-organic/bin/source-tiktok-organic spec > /dev/null

# Each of glibc's arenas keeps memory that its thread has freed, and by default there may be eight for each core. Two take a
# long sync of comments from a peak of 300 MB to 277 MB.
ENV MALLOC_ARENA_MAX=2
# A number, because Kubernetes can't see of a name that it is not root.
USER 1000
# Airbyte's platform runs this instead of the entry point.
ENV AIRBYTE_ENTRYPOINT=/opt/source-tiktok-organic/bin/source-tiktok-organic
ENTRYPOINT ["/opt/source-tiktok-organic/bin/source-tiktok-organic"]
LABEL io.airbyte.name=source-tiktok-organic \
      io.airbyte.version=0.2.0 \
      org.opencontainers.image.title="TikTok Organic" \
      org.opencontainers.image.description="Airbyte source for organic TikTok data" \
      org.opencontainers.image.licenses=MIT
