REM What Riverside Clinic keeps.
TABLE patients READ BY "admin;office"
    id          integer key
    name        string(120)
    email       string(200)
    phone       string(40)
    born        date
    letters     boolean
    since       datetime
END TABLE

TABLE appointments
    id SERIAL PRIMARY KEY,
    number VARCHAR(40) NOT NULL UNIQUE,
    patient_id INTEGER REFERENCES patients(id) ON DELETE CASCADE,
    what VARCHAR(80) DEFAULT 'check-up',
    amount INTEGER DEFAULT 1 CHECK (amount > 0),
    price DECIMAL(10,2),
    total DECIMAL(12,2) GENERATED ALWAYS AS (amount * price) STORED,
    status VARCHAR(20) DEFAULT 'open',
    day DATE
END TABLE

CREATE INDEX idx_appointments_day ON appointments(day)
