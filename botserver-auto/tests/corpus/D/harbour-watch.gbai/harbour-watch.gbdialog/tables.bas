' What the watch keeps, in both ways of writing it.
TABLE Moorings READ BY "watch;master" WRITE BY "master"
    Id number key
    Ship string(80)
    Line_m double(6,1)
    FIELD Checked AS datetime
END TABLE

TABLE storm_log
    id UUID PRIMARY KEY DEFAULT uuid_generate_v4(),
    mooring_id INTEGER REFERENCES Moorings(Id) ON DELETE CASCADE,
    gust DECIMAL(5,2) NOT NULL CHECK (gust >= 0),
    remarks TEXT[],
    UNIQUE(mooring_id, gust)
END TABLE

CREATE INDEX storm_by_gust ON storm_log(gust)

' The arrivals are written by vessel-arrives.
TABLE arrivals
    id SERIAL PRIMARY KEY,
    ship VARCHAR(80) NOT NULL,
    flag CHAR(2) DEFAULT 'NO',
    alarms INTEGER DEFAULT 0,
    grain NUMERIC(8,1),
    danger NUMERIC(8,1),
    total NUMERIC(9,1) GENERATED ALWAYS AS (grain + danger) STORED,
    pilot TEXT
END TABLE
