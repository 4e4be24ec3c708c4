"""A local stand-in for the service: it answers as documented, with faults on demand.

It needs the extra `sandbox` (starlette and uvicorn); `aistudios sandbox` starts it.
"""
