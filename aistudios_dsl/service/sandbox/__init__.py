"""A local stand-in of the service: every documented call, answering and refusing as documented, with faults on demand.

It needs the extra `sandbox` (starlette and uvicorn) and is started by `aistudios sandbox`.
"""
