"""A device that calls in as a source: what it uploads, and between that what is polled through its SIM card.

Of both the newest holds. An upload holds for some of its periods, however often the device hangs up meanwhile.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet

from ..errors import WrongDeviceError
from ..listening import joined
from ..modbus.source import ModbusSource
from ..modbus.unit import utcnow
from ..points import Point
from ..readings import PointKey, Quality, Reading
from ..source import BETWEEN, Order, Sink, Update
from ..texts import Phrase
from .messages import DataUpload
from .station import Station
from .uploads import ORIGIN, UploadDecoder

PERIODS = 2.5
"""So many periods of its uploads a device may be silent before what it uploaded holds no more: one may be missed."""
UNMEASURED_SECONDS = 6.0
"""How long an answer may take of a device that gave none yet."""
USUAL_MINUTES = 30
"""The period of a device that says none: the vendor's default."""


class UplinkSource:
    """One unit of a device that calls in."""

    rank = BETWEEN

    def __init__(self, station: Station, polled: ModbusSource, decoder: UploadDecoder) -> None:
        """Take the device, the unit as it is polled and operated, and what understands its uploads."""
        self.station = station
        self.polled = polled
        self.decoder = decoder
        self._sinks: list[Sink] = []
        self._wanted: frozenset[PointKey] = frozenset()
        self._uploaded: dict[PointKey, Reading] = {}
        """What the uploads say that hold."""
        self._told: dict[PointKey, Reading] = {}
        self._expiry: asyncio.TimerHandle | None = None
        self._away: asyncio.TimerHandle | None = None
        """Runs while it has no connection and what was polled before still holds."""
        self._is_strange = False
        self._leave = (polled.join(self._take_polled), station.join(self._take_upload, self._changed))

    def end(self) -> None:
        """Take nothing any more."""
        for leave in self._leave:
            leave()
        for timer in (self._expiry, self._away):
            if timer is not None:
                timer.cancel()

    # -- as every source ----------------------------------------------------------------------------------------------

    @property
    def points(self) -> Mapping[PointKey, Point]:
        """What it shows."""
        return self.polled.points

    @property
    def lacking(self) -> AbstractSet[PointKey]:
        """What the register map of this device does not have."""
        return self.polled.lacking

    @property
    def orders(self) -> AbstractSet[PointKey]:
        """What it can set or operate."""
        return self.polled.orders

    def join(self, sink: Sink) -> Callable[[], None]:
        """Tell all there is to say from now on; returns what ends that."""
        return joined(self._sinks, sink)

    def want(self, keys: AbstractSet[PointKey]) -> None:
        """Have just these points from now on; what was uploaded is told at once."""
        shown = self.points.keys()
        former, self._wanted = self._wanted, frozenset(keys if keys <= shown else keys & shown)
        for key in former - self._wanted:
            self._told.pop(key, None)
        self.polled.want(self._wanted)
        news = self._wanted - former
        self._say({key: reading for key, reading in self._uploaded.items() if key in news and key not in self._told})

    def hurry(self) -> None:
        """Have what is wanted polled soon."""
        self.polled.hurry()

    def question(self) -> None:
        """Have it looked soon whether this is still the device it is taken for."""
        self.polled.question()

    async def read(self, keys: Collection[PointKey]) -> Mapping[PointKey, Reading]:
        """Return fresh readings, asked for now. Raises AcrelError.

        They are told, too: until the next poll or upload, which may be minutes away, an older position would be shown.
        """
        readings = await self.polled.read(keys)
        fresh = {key: reading for key, reading in readings.items() if not reading.quality.is_lost}
        self._renew(fresh)
        self._say({key: reading for key, reading in fresh.items() if key in self._wanted})
        return readings

    async def send(self, order: Order) -> None:
        """Send an order, once at most; raises as `ModbusSource.send` does."""
        await self.polled.send(order)

    def figures(self) -> Mapping[str, float | None]:
        """Return how well this way does."""
        volume, login = self.station.volume, self.station.login
        return {
            **self.polled.figures(),
            "signal": None if login is None else login.rssi,
            "data_today": volume.today,
            "data_month": volume.month,
        }

    def details(self) -> Mapping[str, object]:
        """Return what helps to find a fault; neither the number of the device nor that of its card is in it."""
        figures, login = self.decoder.figures, self.station.login
        return {
            **self.polled.details(),
            "is_here": self.station.is_here,
            "firmware": None if login is None else list(login.firmware),
            "upload_minutes": None if login is None else login.upload_minutes,
            "late_answers": self.station.late,
            "uploads": {
                "taken": figures.uploads,
                "unknown_sections": figures.unknown,
                "unverified_sections": figures.unverified,
                "broken": figures.broken,
                "lifeless": figures.lifeless,
            },
        }

    @property
    def answer_seconds(self) -> float:
        """How long an answer takes through the card: what the slowest twentieth of the latest took."""
        seconds = self.polled.unit.unit.figures.slow_answer_time
        return UNMEASURED_SECONDS if seconds is None else seconds

    @property
    def doubt(self) -> Phrase | None:
        """Why who answers may not be the device: nothing proves who calls."""
        return self.station.doubt

    # -- what comes ---------------------------------------------------------------------------------------------------

    @property
    def period(self) -> float:
        """Seconds between two uploads, as the device says."""
        minutes = 0 if self.station.login is None else self.station.login.upload_minutes
        return 60.0 * (minutes or USUAL_MINUTES)

    def _take_upload(self, upload: DataUpload) -> None:
        taken = self.decoder.take(upload)
        if taken.is_strange and not self._is_strange:
            self.polled.question()
        self._is_strange = taken.is_strange
        if isinstance(self.polled.trouble, WrongDeviceError) or not taken.readings:
            return
        self._uploaded.update(taken.readings)
        self._hold_on()
        self._say({key: reading for key, reading in taken.readings.items() if key in self._wanted})

    def _take_polled(self, update: Update) -> None:
        if isinstance(update.trouble, WrongDeviceError):
            self._uploaded.clear()
        self._renew({key: reading for key, reading in update.readings.items() if not reading.quality.is_lost})
        is_strange = isinstance(update.trouble, WrongDeviceError)
        readings = {
            key: self._in_place_of(key, reading) if reading.quality.is_lost and not is_strange else reading
            for key, reading in update.readings.items()
        }
        news = {key: reading for key, reading in readings.items() if self._told.get(key) is not reading}
        if news or not update.readings:
            self._say(news)

    def _in_place_of(self, key: PointKey, lost: Reading) -> Reading:
        """Return what holds of a point that cannot be asked for: its upload, or what was polled before it hung up."""
        if (uploaded := self._uploaded.get(key)) is not None:
            return uploaded
        told = self._told.get(key)
        if self._away is None or told is None or told.quality.is_lost:
            return lost
        return told

    def _changed(self) -> None:
        """Have what was polled hold for some time from when the connection is lost: devices hang up between reports."""
        if self.station.is_here and self._away is not None:
            self._away.cancel()
            self._away = None
        elif not self.station.is_here and self._away is None:
            self._away = asyncio.get_running_loop().call_later(PERIODS * self.period, self._let_go)

    def _let_go(self) -> None:
        """Let what was polled before the connection was lost hold no more."""
        self._away = None
        lost = Reading(None, Quality.NO_ANSWER, utcnow(), ORIGIN)
        held = [key for key, reading in self._told.items() if not reading.quality.is_lost]
        self._say({key: lost for key in held if key not in self._uploaded})

    def _renew(self, readings: Mapping[PointKey, Reading]) -> None:
        """Have what was asked for since an upload hold in its place: what is older may not come back when that ends."""
        self._uploaded |= {key: reading for key, reading in readings.items() if key in self._uploaded}

    def _hold_on(self) -> None:
        """Let what was uploaded hold from now on."""
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = asyncio.get_running_loop().call_later(PERIODS * self.period, self._expire)

    def _expire(self) -> None:
        """Let what was uploaded hold no more, as no upload came for too long."""
        self._expiry = None
        quality = Quality.STALE if self.station.is_here else Quality.NO_ANSWER
        over, self._uploaded = self._uploaded, {}
        lost = Reading(None, quality, utcnow(), ORIGIN)
        self._say({key: lost for key, reading in over.items() if self._told.get(key) is reading})

    def _say(self, readings: Mapping[PointKey, Reading]) -> None:
        self._told.update(readings)
        for sink in list(self._sinks):
            sink(Update(readings=readings, trouble=self.polled.trouble))
