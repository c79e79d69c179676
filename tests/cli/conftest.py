from support.stance_fixture import stance

__all__ = ["stance"]
