"""Layers, losses, initialization."""

from . import functional, init  # noqa: F401
from .layers import *  # noqa: F401,F403
from .module import Module, ModuleDict, ModuleList, Parameter, ParameterList, Sequential  # noqa: F401
from . import utils  # noqa: F401,E402
