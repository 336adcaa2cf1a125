// What Museum of Clocks keeps.
TABLE visitors READ BY "admin;office"
    id          integer key
    name        string(120)
    email       string(200)
    phone       string(40)
    born        date
    letters     boolean
    since       datetime
END TABLE

TABLE tours
    id SERIAL PRIMARY KEY,
    number VARCHAR(40) NOT NULL UNIQUE,
    visitor_id INTEGER REFERENCES visitors(id) ON DELETE CASCADE,
    what VARCHAR(80) DEFAULT 'guided tour',
    amount INTEGER DEFAULT 1 CHECK (amount > 0),
    price DECIMAL(10,2),
    total DECIMAL(12,2) GENERATED ALWAYS AS (amount * price) STORED,
    status VARCHAR(20) DEFAULT 'open',
    day DATE
END TABLE

CREATE INDEX idx_tours_day ON tours(day)
