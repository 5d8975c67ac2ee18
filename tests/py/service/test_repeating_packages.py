"""A run once more with packages that it lacked."""

from __future__ import annotations

import pytest

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.service.repeating import with_packages
from jupyter_mltrain.spec import EnvironmentSpec, ImageSpec, PackagesSpec


def an_environment(**given: object) -> EnvironmentSpec:
    packages = PackagesSpec(pip=("pandas==2.2",), conda=("openblas",))
    return EnvironmentSpec(**{"name": "fit", "version": "3", "packages": packages, **given})  # type: ignore[arg-type]


def test_a_package_is_added_to_those_there_are() -> None:
    made = with_packages(an_environment(), ["xgboost>=2"])
    assert made.packages == PackagesSpec(pip=("pandas==2.2", "xgboost>=2"), conda=("openblas",))


def test_what_comes_is_a_version_that_is_not_there_yet() -> None:
    made = with_packages(an_environment(), ["xgboost"])
    assert (made.name, made.version) == ("fit", None)


def test_the_name_of_a_module_stands_for_the_package_that_has_it() -> None:
    made = with_packages(an_environment(), ["sklearn"])
    assert made.packages is not None
    assert made.packages.pip == ("pandas==2.2", "scikit-learn")


def test_a_package_that_is_there_is_not_added_twice() -> None:
    environment = an_environment(packages=PackagesSpec(pip=("scikit-learn",)))
    assert with_packages(environment, ["sklearn"]).packages == environment.packages


def test_an_image_as_it_is_becomes_one_that_packages_are_installed_into() -> None:
    image = ImageSpec(image="debian:12")
    made = with_packages(EnvironmentSpec(name="debian", image=image), ["numpy"])
    assert (made.image, made.packages) == (image, PackagesSpec(pip=("numpy",)))


def test_the_successor_of_one_that_ships_with_the_product_has_a_name_of_its_own() -> None:
    assert with_packages(an_environment(name="sklearn"), ["xgboost"]).name == "my-sklearn"


def test_nothing_is_installed_into_a_python_of_this_machine() -> None:
    with pytest.raises(InvalidSpec, match="Install xgboost there"):
        with_packages(EnvironmentSpec(), ["xgboost"])
